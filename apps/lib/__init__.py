"""Seven small modules every app may use: clock, redis, queue, realtime, errors, api, prepared."""
