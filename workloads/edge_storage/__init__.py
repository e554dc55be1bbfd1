"""The store: keeps readings durably on site and answers for them over HTTP."""
