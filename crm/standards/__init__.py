"""The steps of a service and their standard times: data, by channel and by the day from which they are in force."""
