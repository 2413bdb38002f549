"""The attempts of jobs: a job that kills its worker again and again is parked, not retried for ever."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from service.core.db import fences, rows


class JobAttempt(SQLModel, table=True):
    """How often a queue's job was begun. The queue holds ids only, no tenant's data; so does this."""

    __tablename__ = "job_attempts"

    job_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    news: str
    attempts: int
    outages: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    begun_under: str | None = None
    """Under which life of the database the last attempt was begun; None when it has ended by itself."""
    last_at: datetime = rows.moment()
    parked: bool = False
    failure: str | None = None


fences.statement(JobAttempt, f"grant select, insert, update, delete on job_attempts to {fences.APP_ROLE}")
