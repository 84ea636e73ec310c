{{ lifecycle_state("lifecycle_scope = 'all'") }}
