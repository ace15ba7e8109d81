"""Letters by e-mail, sent out of a table: what causes a letter and the letter itself are one transaction."""
