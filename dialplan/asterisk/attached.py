"""Turns into another program that the kernel ends as soon as the process that started it is gone.

Run by path, as ``python -I -S attached.py PARENT_PID SIGNAL PROGRAM ARGUMENT…``. A program of its own rather than a
``preexec_fn``, which is not safe in a process with threads. The kernel watches the parent *thread*: whoever starts
this must do so from a thread that lives as long as the child (process.py does).
"""

import ctypes
import os
import resource
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def main(arguments: list[str]) -> None:
    """Ties this process to its parent and becomes the program; never returns."""
    parent_pid, signal_number, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
        raise SystemExit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent_pid):  # it died before we asked
        raise SystemExit(1)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:  # a call takes up to six descriptors; the usual soft limit of 1024 ends at some 150 calls
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65536) if hard > 0 else 65536), hard))
    try:
        os.execvp(command[0], command)  # noqa: S606 - replacing this process is the purpose
    except OSError as error:
        raise SystemExit(f"{command[0]}: {error.strerror}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
