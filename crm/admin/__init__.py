"""The pages on which administrators, and partly supervisors, keep people, queues, offices and opening."""
