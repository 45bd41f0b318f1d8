"""What is kept: records, the one writer, inbox and outbox, migrations."""
