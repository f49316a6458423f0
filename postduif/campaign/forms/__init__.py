"""Web forms: people sign up, or answer a mailing; what they said, confirmed, is carried to the audience."""
