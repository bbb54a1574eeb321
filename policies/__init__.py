"""The domain, pure: entries, the law of sealing, industry policies and their evaluation."""
