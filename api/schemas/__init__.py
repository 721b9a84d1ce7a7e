"""Wire shapes of the door, a family of their own: the outside may change without touching histories."""
