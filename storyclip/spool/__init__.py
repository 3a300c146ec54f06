"""The bytes of users' files on this machine's disk, each whole one under the hash of its bytes."""
