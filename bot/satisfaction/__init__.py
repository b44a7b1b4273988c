"""One question at the end of a talk, how content a person is from 1 to 5, and an optional comment."""
