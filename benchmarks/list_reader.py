"""A process that waits on a Redis list and says when each entry reached it: the bare way there."""

import json
import sys
import time

import redis


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    client = redis.Redis.from_url(plan["redis_url"])
    client.ping()
    print(json.dumps("ready"), flush=True)
    while True:
        found = client.brpop([plan["key"]], timeout=1)
        if found is not None:
            print(json.dumps(time.time()), flush=True)


if __name__ == "__main__":
    main()
