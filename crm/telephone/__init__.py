"""The agents' telephones: the browser's own way to Asterisk, its secret, and what is asked of any telephone by AMI."""
