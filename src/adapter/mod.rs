//! Makes subjects: things whose cases can be run in an order.
