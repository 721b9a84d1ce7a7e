"""Who asked: what a posting remembers of the workflow and the request it came from."""

from datetime import datetime

from temporalio import activity

from domain.postings import Provenance


def provenance(request_id: str | None = None, received_at: datetime | None = None) -> Provenance:
    """Workflow and run of the activity that is executing, and the request if it is known."""
    info = activity.info()
    return Provenance(info.workflow_id, info.workflow_run_id, request_id, received_at)
