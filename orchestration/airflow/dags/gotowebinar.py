"""Makes one DAG for each connection of connections.yml: it runs `sync`, never twice at the same time."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

ORCHESTRATION = Path(os.environ.get("ORCHESTRATION", Path(__file__).resolve().parents[2]))
EVERY_15_MINUTES = "*/15 * * * *"
MAX_CALLS = 6000
CALLS_PER_MINUTE = 100

# Meltano takes a killed run for dead five minutes after its last heartbeat, and refuses the next one until then.
RETRY_DELAY = timedelta(minutes=5, seconds=15)
RETRIES = 3


def add_dag(name: str, settings: dict[str, Any], alert_to: list[str]) -> None:
    """Add the DAG of one connection: Airflow finds those that are made while it reads this file.

    Args:
        name: What `sync` calls the connection.
        settings: Its entry in connections.yml.
        alert_to: Mail addresses to tell when the last retry has failed.
    """
    max_calls = int(settings.get("max_calls", MAX_CALLS))
    with DAG(
        f"gotowebinar__{name}",
        schedule=settings.get("schedule", EVERY_15_MINUTES),
        catchup=False,
        max_active_runs=1,
        tags=["gotowebinar"],
    ):
        BashOperator(
            task_id="sync",
            # The blank at the end: Airflow would take a command that ends in the name of a script for a template.
            bash_command=f"'{ORCHESTRATION}/sync' {name} {settings['schema']} ",
            env={"TAP_GOTOWEBINAR_MAX_CALLS": str(max_calls)},
            append_env=True,
            retries=RETRIES,
            retry_delay=RETRY_DELAY,
            # Twice what so many calls take: a run that is stopped here hangs.
            execution_timeout=timedelta(minutes=2 * max_calls / CALLS_PER_MINUTE),
            on_failure_callback=SmtpNotifier(
                to=alert_to,
                from_email=os.environ.get("ALERT_FROM", "airflow@localhost"),
                subject=f"GoToWebinar: {name} failed",
                html_content="{{ dag.dag_id }}, run {{ run_id }}: the log is at {{ ti.log_url }}",
            )
            if alert_to
            else None,
        )


declared = yaml.safe_load((ORCHESTRATION / "connections.yml").read_text(encoding="utf-8"))
for name, settings in declared["connections"].items():
    add_dag(name, settings, declared.get("alert_to") or [])
