"""Flower's options: `celery flower --conf=deploy/flower/flowerconfig.py`, with CELERY_BROKER_URL and FLOWER_BASIC_AUTH.

Whatever else Flower can be told goes by its own variables (FLOWER_...) or the command line, which wins over this file.
"""

import os

if not os.environ.get("FLOWER_BASIC_AUTH"):
    raise SystemExit("Set FLOWER_BASIC_AUTH=name:password: Flower shows ids of jobs, and is for its operators alone.")

port = 5555
url_prefix = "flower"
# Jobs are cancelled through the service. Whatever Flower could do, it would do to turns and to workers' processes.
read_only = True
tasks_columns = "name,uuid,state,args,result,received,runtime,worker"
max_tasks = 10_000
purge_offline_workers = 600
