"""Values as text for people: the topology as a tree, plans as lists of changes. Prints nothing itself."""
