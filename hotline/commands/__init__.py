"""One module a command of ``hotline``, loaded only when it is used; `hotline.cli` lists them."""
