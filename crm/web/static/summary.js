// The summary page (W7): the browser prints it.
document.getElementById("print").addEventListener("click", () => print());
