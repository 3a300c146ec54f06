"""What is said over HTTP: bodies, queries, answers, problems, and the document of them."""
