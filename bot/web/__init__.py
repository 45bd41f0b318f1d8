"""What Piaoda serves over HTTP beside the channels: chat page, REST, health."""
