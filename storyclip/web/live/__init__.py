"""Progress as it happens: Server-Sent Events and websockets."""
