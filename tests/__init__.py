"""The suite: folders by kind of test."""
