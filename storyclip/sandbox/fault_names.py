"""Everything that can be made to go wrong, by name, and what it needs to be told."""

# Bound to one POST posts (or, with "call", to any other route), in the order they are looked at.
BEFORE_CREATE = {
    "drop_before_create": "cut the connection, create nothing",
    "delay_before_create": "handle the call `seconds` of the sandbox's clock later, client or not",
    "busy_429": "429; Retry-After when `seconds` is given; nothing is done",
    "status_before_create": "answer `status` (502), create nothing; 4xx with the error envelope",
    "refuse": "400 envelope with `words`",
}
AFTER_CREATE = {
    "create_then_drop": "create, then cut the connection",
    "create_then_status": "create, then answer `status` (502) with HTML",
    "create_then_html_200": "create, then answer 200 with HTML",
    "create_then_empty_200": "create, then answer 200 with nothing",
    "create_then_truncated": "create, then cut the connection in the middle of the answer",
    "create_without_id": "create, answer without the id",
    "delay_answer": "do it at once, answer `seconds` of real time later",
    "slow_drip_answer": "do it at once, let the answer trickle over `seconds` of real time",
}
# Decided when a post is created by the API, per network.
FATES = {
    "list_lags": "lists show the post only `seconds` after its creation",
    "get_404_after_create": "the post is 404 until `seconds` after its creation",
    "publishing_for_long": "PUBLISHING `seconds` longer",
    "never_publishes": "stays PENDING",
    "awaiting_confirmation": "ends AWAITING_CONFIRMATION",
    "unknown_status": "ends in the status `words` (IN_REVIEW)",
    "network_error": "ends ERROR with `words`; nothing is live",
    "network_error_but_live": "ends ERROR with `words` that leave it open, and is live",
    "date_moved": "silently planned `seconds` later than the answer says",
    "media_dropped": "the post is created without its media",
    "media_rehosted": "every answer shows a planner URL of Metricool's in place of the one sent",
    "media_other_in_lists": "lists alone show the media under the host `words`, or with ?… added",
    "negative_uuid": "the post's uuid is negative",
    "id_given_again": "the post gets the id that its brand set free last, if there is one",
}
# Bound to one DELETE of a post.
DELETE = {
    "drop_before_delete": "cut the connection, delete nothing",
    "delay_before_delete": "handle the call `seconds` of the sandbox's clock later, client or not",
    "status_before_delete": "answer `status` (500), delete nothing; 4xx with the error envelope",
    "delete_then_drop": "delete, then cut the connection",
    "delete_then_status": "delete, then answer `status` (500)",
    "delete_204": "delete, then answer 204 with nothing in place of 200",
    "delete_too_late": "a post deleted while PUBLISHING goes live all the same",
}
OTHER_CALLS = {
    "token_revoked": "401 on everything",
    "plan_off": "403 on everything",
    "unnamed_brand_401": "401 without userId or blogId, but for brand lists and normalize",
    "too_fast": "429 for a call less than `seconds` after the last one that was let in",
    "too_many_at_once": "429 for a call beyond the `most` that are under way",
    "no_date": "answers without a Date header",
    "gone_id_answers": "an id that is gone answers `status`: 400, or 200 with data null",
    "get_404": "GET of one post is 404 though it is there",
    "list_lacks_once": "a list leaves a post out; once, unless `times` says how often",
    "list_paged": "a list shows `most` posts a page: the planner's the first page alone, and says"
    " so; that of the deleted has all pages and tells no total",
    "deleted_undated": "the list of the deleted does not say when they were deleted",
    "list_fails": "lists answer `status`, or cut the connection without one",
    "get_fails": "GET of one post answers `status`, or cuts the connection without one",
    "show_in_brand_zone": "posts are shown in their brand's zone, whatever was sent",
    "month_full": "above `most` (600) posts of a brand and month the rest stays PENDING",
    "normalize_fails": "normalize answers `status`, or cuts the connection without one",
    "normalize_slow": "normalize answers `seconds` of real time later",
    "normalize_echo": "normalize gives the same URL back",
    "normalize_same": "normalize gives the same copy for the same source again",
    "normalize_quoted": "normalize puts its URL in double quotes",
    "brands_fail": "both brand lists answer `status`, or cut the connection without one",
    "brands_huge": "both brand lists are 5 MB long",
    "best_times_flat": "every hour of the heat map is 0, as without history",
    "best_times_empty": "the heat map is []",
    "best_times_null_hour": "one hour of the heat map has the value null",
}
# Of the calls that put a file into Metricool, and of the PUTs of its parts to Amazon.
UPLOADS = {
    "uploads_off": "opening an upload is 403: the feature is not enabled",
    "open_upload_fails": "opening an upload answers `status`, or cuts the connection without one",
    "open_then_drop": "open an upload, then cut the connection",
    "upload_expires": "the URLs of an upload live `seconds` (3600)",
    "part_refused": "a part is answered `status` (403) with the code `words` (AccessDenied)",
    "part_busy": "a part is answered `status` (503) with the code `words` (SlowDown)",
    "part_cut": "the connection is cut in the middle of a part",
    "part_slow": "a part is read only after `seconds` of real time",
    "part_then_drop": "keep a part, then cut the connection",
    "part_etag_bare": "the ETag of a part has no quotes",
    "complete_upload_fails": "completing answers `status`, or cuts the connection without one",
    "complete_then_drop": "complete an upload, then cut the connection",
    "complete_without_url": "complete an upload, answer without its URL",
    "ask_upload_fails": "asking for a key answers `status`, or cuts the connection without one",
    "abort_upload_fails": "aborting answers `status`, or cuts the connection without one",
}
NAMES = BEFORE_CREATE | AFTER_CREATE | FATES | DELETE | OTHER_CALLS | UPLOADS

NEED_SECONDS = frozenset(
    {
        "delay_before_create",
        "delay_before_delete",
        "delay_answer",
        "slow_drip_answer",
        "list_lags",
        "get_404_after_create",
        "publishing_for_long",
        "date_moved",
        "normalize_slow",
        "too_fast",
        "upload_expires",
        "part_slow",
    }
)
NEED_MOST = frozenset({"too_many_at_once", "list_paged"})
ONCE_UNLESS_TOLD = frozenset({"list_lacks_once"})
# These make sense on many routes: "call" says on which, "any" on all. Unless told, the first row
# means POST posts, as it always has, and the second one every call.
MEANS_CREATE = frozenset({"busy_429", "delay_answer", "slow_drip_answer"})
MEANS_ANY = frozenset(
    {"token_revoked", "plan_off", "too_fast", "too_many_at_once", "no_date", "gone_id_answers"}
)
CALLS = (
    "any",
    "create",
    "list",
    "get",
    "replace",
    "move",
    "delete",
    "deleted",
    "restore",
    "normalize",
    "profiles",
    "brands",
    "best_times",
    "counters",
    "open_upload",
    "complete_upload",
    "ask_upload",
    "abort_upload",
)
