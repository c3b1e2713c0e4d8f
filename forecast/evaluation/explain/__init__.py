"""Why a recurrent network forecasts as it does: what it remembers, what passes its gates, what it costs."""
