"""From a prepared mailing to its end: handing over, pausing, stopping, waves, the canary, dates."""
