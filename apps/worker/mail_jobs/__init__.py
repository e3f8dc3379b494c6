"""System mails to many players, as jobs whose progress is in the database: any worker goes on where another stopped."""
