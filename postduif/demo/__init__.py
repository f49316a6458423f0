"""The main job on built-in defaults: a daemon, a test MX, a thousand letters, and a judgement of what came of them."""
