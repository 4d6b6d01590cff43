"""The demo: five desks, their people, and three weeks of tickets that really came in.

Every message enters through the real intake and every act through the real services, with
back-dated instants, in the order of time; the clocks fire in between as they would have.
"""
