"""The panels that show a recurrent network from inside, one kind a module, and the page that holds them."""
