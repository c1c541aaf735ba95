"""What each event does to a market's state; ``dispatch.model.fold`` calls these.

Effects check what the state itself needs in order to stay consistent (the tables of ``dispatch.model.lifecycle``, who
has what). Rules of conduct, such as being at the place before picking up, are the business of
``dispatch.engine.handlers``: a rule can change without making an old log unreadable. Every effect computes first and
writes last, so that a refusal changes nothing.
"""
