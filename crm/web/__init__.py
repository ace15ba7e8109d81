"""What all pages share: the application, its headers, the base template, styles and typeface."""
