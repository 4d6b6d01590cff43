"""`python -m kept.worker`: one worker process."""

import sys

from kept.worker.main import run

sys.exit(run())
