"""Commands of `dispatch` that come with this package; ``dispatch.cli`` lists them."""
