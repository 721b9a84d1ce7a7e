"""Effects, named by act: classes whose constructor receives what they use."""
