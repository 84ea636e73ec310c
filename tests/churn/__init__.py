"""Who is one person: linkage against the planted truth and against union-find."""
