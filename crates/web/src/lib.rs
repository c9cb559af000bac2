//! The one door in: HTTP, callers, permissions, errors, paging, idempotency, OpenAPI.
