"""What the scripts share. Ape shows no command for a name that begins with an underscore."""
