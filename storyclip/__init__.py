"""StoryClip: publish a sequence of clips as Stories, each exactly once and in order.

The rooms, from the ground up: each imports only from those before it. Words: docs/words.md.

domain     what is true: states and edges, moves, order, dates, identity, errors
media      knows a file and mends it: facts, plan, pieces, posters; ffmpeg in its own process
spool      users' files, in a folder or a bucket: while they arrive, and whole under hashes
line       one outgoing connection: deadline, checked addresses, did a byte leave
upstream   Metricool, each answer sorted by what it proves
store      the rows: publishing and its one writer, history, access, service
flow       what to do next about a clip, a batch, a lane: decided apart, done by one hand
webhooks   what receivers are told, signed, from the rows
probe      looks into files before a batch is accepted
progress   the news, and one hub a process that hands it to the viewers
oidc       who a provider says that somebody is
web        the HTTP API in wings: routes, live, page, door, said
tasks      bells: an id in, one step called; the media process
terminal   `publish` and `watch`, clients of the API like any other
sandbox    a local Metricool with a ledger: an island, in its own process
stack      the whole service on one machine, for `make demo` and `make run`
cli        the commands a person types
"""

__version__ = "0.2.0"
