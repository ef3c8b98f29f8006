def select_model(language, installed_models):
    """Since the migration the caller says what is installed; before, this module remembered it."""
    return next((model for model in installed_models if language in ("en", "fr")), None)
