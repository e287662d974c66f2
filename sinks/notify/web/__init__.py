"""What people, their devices and their providers reach of us: pages, webhooks, alerts of others."""
