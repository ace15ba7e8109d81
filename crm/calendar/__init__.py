"""Opening hours and holidays: is it open, why not, and when next."""
