"""What each command leads to. A handler adds events to a draft or raises a ``DispatchError``; it changes nothing
else.
"""
