"""Load: Connector API calls at a chosen rate, each measured from the moment it was due.

``options`` says what is asked for, ``planning`` what follows from it, ``engine`` and ``cycles`` send it,
``figures`` count it, ``report`` tells it. ``running`` carries out a run or a part of one.
"""
