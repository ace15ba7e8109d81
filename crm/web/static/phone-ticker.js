// A clock in a worker: the timers of a page that nobody looks at are slowed down to one a minute, these are not.

setInterval(() => postMessage(null), 1000);
