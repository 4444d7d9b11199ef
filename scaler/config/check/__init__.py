"""What is wrong with ScaledObjects and configuration files, found without running anything."""
