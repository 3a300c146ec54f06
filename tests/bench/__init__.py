"""`make bench`: the real service on this machine, against its bars and against bare floors."""
