"""The ways out: e-mail, SMS and web push, each behind the same small port."""
