"""The pages for the people who make mailings and watch over them: rendered here, in plain HTML that works by itself."""
