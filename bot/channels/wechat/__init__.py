"""WeChat official account (微信公众号): the callback in, the customer-service interface out."""
