"""The board on the wall: is the promise kept now, and today."""
