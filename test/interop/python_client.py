"""Makes one call of the client of resumable-upload.

The call comes as JSON in the only argument. Each answer of the server goes out as a line of JSON, and so does what the
call returned or raised.
"""

import json
import sys

from resumable_upload import TusClient
from resumable_upload.url_storage import FileURLStorage


def tell(**line):
    # In one call: ranges run in threads, and print() writes the end of a line by itself.
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


plan = json.loads(sys.argv[1])
options = dict(plan.get("options", {}))
if "remember" in plan:
    options.update(store_url=True, url_storage=FileURLStorage(plan["remember"]))

client = TusClient(
    plan["endpoint"],
    after_response=lambda method, url, status: tell(method=method, url=url, status=status),
    **options,
)
try:
    tell(result=getattr(client, plan["call"])(**plan["arguments"]))
except Exception as error:
    tell(error=type(error).__name__, message=str(error))
